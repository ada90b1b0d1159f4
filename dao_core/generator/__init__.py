"""DAO-G: crystals from formulas, by flow matching or diffusion."""
