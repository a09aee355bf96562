"""Views of a record: text boxes, tables, JSON, LaTeX. Each turns a Trace into output."""
