"""The product under fire: everything that can be killed is, while clients move money."""
