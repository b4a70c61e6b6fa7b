import { expect, it } from "vitest";
import { idOfObject, nameOfObject } from "../../src/access/name-of-object";
import type { Application } from "../../src/access/resources";

const application: Application = {
  applicationId: "app_1",
  organizationId: "org_1",
  environmentId: "env_1",
  environmentKind: "production",
  projectId: "prj_1",
  gatewayId: "gtw_1",
  name: "Wiki",
  slug: "wiki",
  access: "protected",
  openedBy: null,
  hashAlgorithm: "apr1",
};
const credential = { securityId: "sec_1", username: "ada", application };
const route = { routeId: "rte_1", host: "wiki.example.org", pathPrefix: "/admin", application };

it("the log calls an object what people call it, and what lies in an application by its own id (AUD)", () => {
  expect([nameOfObject("application", application), idOfObject("application", application)]).toEqual(["Wiki", "app_1"]);
  expect([nameOfObject("credential", credential), idOfObject("credential", credential)]).toEqual(["ada", "sec_1"]);
  expect([nameOfObject("route", route), idOfObject("route", route)]).toEqual(["wiki.example.org/admin", "rte_1"]);
});

it("what has no name has none in the log (AUD)", () => {
  expect(nameOfObject("session", { sessionId: "ses_1", userId: "usr_1" })).toBeNull();
  expect(nameOfObject("application", { ...application, name: "" })).toBeNull();
});
