"""report.html: one page that people read, forward and print, made of report.json alone."""
