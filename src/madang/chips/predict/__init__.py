"""Prediction of published devices: language model serving, and predicted against published."""
