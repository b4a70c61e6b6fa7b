import { and, eq } from "drizzle-orm";
import { projectRoles } from "#drizzle/members";
import { projects } from "#drizzle/projects";
import { requireNotAbove } from "#src/access/privilege-guards";
import { unitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import { requireRole } from "../roles/rules";
import { Member, SetProjectRole } from "./contract";
import { member } from "./resource";
import { requireMember } from "./rows";

/**
 * Gives a member a role at one project, in addition to their role at the organization. With null, removes it.
 * @throws Refusal `member_above_own` | `role_above_own`
 * @throws Refusal `not_found` no such project or role here
 */
export const setProjectRole = operation(
  {
    name: "members.setProjectRole",
    summary: "Give a member a role at one project, or remove that role",
    permission: "member:update",
    on: member,
    input: SetProjectRole,
    output: Member,
    errors: ["member_above_own", "role_above_own"],
    rest: { method: "PUT", path: "/members/{memberId}/project-role" },
  },
  async (authorized, input) => {
    return unitOfWork(authorized, async (work) => {
      const { tx, organizationId } = work;
      const { memberId } = work.authorized.object;
      const { projectId } = input;
      const [project] = await tx
        .select({ name: projects.name })
        .from(projects)
        .where(and(eq(projects.projectId, projectId), eq(projects.organizationId, organizationId)))
        .for("key share");
      if (!project) throw new Refusal("not_found", { kind: "project", id: projectId });
      const giver = await requireNotAbove(work);
      const { columns, grant } = await requireRole(tx, organizationId, input);
      giver.requireGivableAt(projectId, grant);
      const its = and(eq(projectRoles.memberId, memberId), eq(projectRoles.projectId, projectId));
      const [before] = await tx
        .select({ role: projectRoles.role, roleId: projectRoles.roleId })
        .from(projectRoles)
        .where(its);
      if (grant === null) await tx.delete(projectRoles).where(its);
      else if (before) await tx.update(projectRoles).set(columns).where(its);
      else {
        const row = { projectRoleId: newId("projectRole"), organizationId, projectId, memberId, createdAt: work.now };
        await tx.insert(projectRoles).values({ ...row, ...columns });
      }
      work.audit(
        { kind: "member", id: memberId },
        {
          projectId,
          project: project.name,
          role: [before?.role ?? null, columns.role],
          roleId: [before?.roleId ?? null, columns.roleId],
        },
      );
      return requireMember(tx, memberId);
    });
  },
);
