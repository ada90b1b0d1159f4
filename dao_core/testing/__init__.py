"""What every part of a kind must do, to be run over ours and over those of others."""
