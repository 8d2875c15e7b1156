"""Keys, secrets, certificates, and what is sealed or signed with them."""
