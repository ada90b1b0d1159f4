"""Running calculations: each in its own process and folder, within cores, memory and budget."""
