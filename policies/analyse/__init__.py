"""What the rules in force come to, all taken together: computed from Casbin's answers to every question there is."""
