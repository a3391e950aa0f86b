"""The only place that writes files: runs, tables, pictures, reports, command line."""
