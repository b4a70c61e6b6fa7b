-- The caller's organization. p_id: its id, or null.
create or replace function portcullis_locate_organization(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  if coalesce(p_id, p_organization_id) = p_organization_id then
    if p_lock = 'update' then
      perform 1 from organizations o where o.organization_id = p_organization_id for no key update;
    elsif p_lock = 'share' then
      perform 1 from organizations o where o.organization_id = p_organization_id for key share;
    end if;
    object := portcullis_organization_facts(p_organization_id, p_principal);
  end if;
  return next;
end $$;

revoke execute on function portcullis_locate_organization from public;
