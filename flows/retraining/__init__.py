"""One round of retraining: what the store has learned becomes the next pair of models.

``request`` says what is wanted, ``labelled`` reads labels and hold-out from the store, ``rounds``
knows what was begun and never ended, ``training`` makes and judges the models, ``models`` lets
better ones serve, ``relaxing_again`` brings relaxations to the better one's minima, ``watching``
looks at the loop, ``flow`` puts it all on Prefect.
"""
