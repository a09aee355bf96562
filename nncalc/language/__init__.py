"""What an equation is: expressions, equations, their text."""
