"""Where figures of utilisation come from: a machine's processes, Slurm's books, an exporter."""
