"""One round of retraining: what the store has learned becomes the next pair of models.

``request`` says what is wanted, ``labelled`` reads labels and hold-out from the store, ``models``
finds the models to go on from and lets better ones serve, ``rounds`` does the work of each stage,
``flow`` puts it on Prefect, ``command`` is ``dao retrain``.
"""
