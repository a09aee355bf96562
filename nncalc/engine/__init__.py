"""What is done with equations: shapes, differentiation, optimizer steps, evaluation."""
