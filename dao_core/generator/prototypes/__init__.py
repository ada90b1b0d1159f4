"""What DAO-G remembers of its training crystals: prototypes, and which compositions take them."""
