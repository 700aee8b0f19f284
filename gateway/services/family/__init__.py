"""What families ask of the district, until when it is answered, and what stands open meanwhile."""
