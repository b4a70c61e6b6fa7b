-- An application of the organization.
create or replace function portcullis_locate_application(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  object := portcullis_application_facts(p_id, p_organization_id, p_lock);
  project_id := object ->> 'projectId';
  return next;
end $$;

revoke execute on function portcullis_locate_application from public;
