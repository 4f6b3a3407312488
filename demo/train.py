"""Logistic regression with NumPy, step by step: a job of the demonstration."""

import os
from pathlib import Path

import numpy as np

rng = np.random.default_rng(7)
rows, columns, steps = 4_000, 32, 200
x = rng.normal(size=(rows, columns))
truth = rng.normal(size=columns)
y = (x @ truth > 0).astype(float)
weights = np.zeros(columns)
for step in range(steps):
    guess = 1 / (1 + np.exp(-x @ weights))
    weights -= 0.5 * x.T @ (guess - y) / rows
    if step % 50 == 0:
        print(f"madang-progress: {100 * step // steps}", flush=True)
right = float(np.mean((x @ weights > 0) == y))
print(f"cards {os.environ['CUDA_VISIBLE_DEVICES']}, right {right:.3f}")
np.save(Path(os.environ["MADANG_OUTPUTS"]) / "weights.npy", weights)
print("madang-progress: 100")
