"""A campaign: from a chemical system to a ranked landscape, in stages that ask what is missing.

``request`` says what is wanted, ``plan`` what that means in batches, ``propose``, ``screen`` and
``relaxation`` do the work that the store does not have yet, ``survey`` reads off what became of
every candidate, ``ranking`` places the survivors on the hull, and ``flow`` puts it on Prefect.
"""
