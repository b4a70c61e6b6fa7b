-- An entry of the organization's audit log.
create or replace function portcullis_locate_audit_entry(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  select jsonb_build_object('auditId', a.audit_id, 'organizationId', a.organization_id) into object
    from audit_entries a where a.audit_id = p_id and a.organization_id = p_organization_id;
  return next;
end $$;

revoke execute on function portcullis_locate_audit_entry from public;
