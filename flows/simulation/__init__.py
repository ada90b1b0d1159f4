"""The offline proof of the loop: campaigns on a chemical system whose answer is known.

A potential stands for DFT. What the loop finds per relaxation and per label is compared with the
loop without retraining, with templates and with random search (``dao simulate``).
"""
