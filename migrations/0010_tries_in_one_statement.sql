-- Tries to sign in are counted by the statement that looks for the account, in the role that may see accounts.
grant execute on function portcullis_take to portcullis_identity;
