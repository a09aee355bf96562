"""What the field knows: one entry an operation, a layer, a loss, an optimizer."""
