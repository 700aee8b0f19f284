"""The pages of the district's staff: what an officer, an auditor and an administrator open every day."""
