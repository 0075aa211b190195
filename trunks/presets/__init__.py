"""What carriers publish about connecting: the files in this folder, and the code that reads them."""
