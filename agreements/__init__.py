"""What was promised: signed data-sharing agreements. Imports none of the other rooms."""
