"""Several systolic cores with scratchpads, DMA, double buffers and one shared memory."""
