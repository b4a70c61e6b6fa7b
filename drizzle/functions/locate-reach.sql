-- The caller's organization, with the projects at which the caller has a role.
create or replace function portcullis_locate_reach(p_id text, p_organization_id text, p_principal jsonb, p_lock text)
  returns table (object jsonb, project_id text)
  language plpgsql volatile set search_path = public, pg_temp as $$
begin
  object := jsonb_build_object('organizationId', p_organization_id, 'projects', coalesce((
    select jsonb_agg(jsonb_build_object('projectId', p.project_id,
        'grant', portcullis_grant(p.role, p.role_id, p.organization_id)))
      from project_roles p join members m on m.member_id = p.member_id
      where m.user_id = p_principal ->> 'userId' and m.organization_id = p_organization_id
        and p.organization_id = p_organization_id), '[]'::jsonb));
  return next;
end $$;

revoke execute on function portcullis_locate_reach from public;
