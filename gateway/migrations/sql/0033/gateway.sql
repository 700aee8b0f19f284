-- Schema gateway: drafts that somebody is writing. The district's office alone reads and writes them.

-- A draft is no record: it is changed, and deleted, and what is signed of it stands elsewhere.
GRANT SELECT, INSERT, UPDATE, DELETE ON gateway.draft TO pactgate_loader;
