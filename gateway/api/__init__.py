"""The partner's JSON interface: turns paths and queries into requests, and answers into bytes. Decides nothing."""
