"""The pages of a partner's signatories: one document, by a link, without an account."""
