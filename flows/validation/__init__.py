"""DFT checks of crystals that files or the store hold, and of the best of a campaign.

``settings`` says how, ``crystals`` what, ``memory`` joins the store to the DFT room, ``command``
is ``dao validate``; ``selection``, ``approval`` and ``stage`` make it a campaign's last stage.
"""
