alter table key_requests enable row level security;


