import { resource } from "../../operations/resource";

export const project = resource("project", "projectId");
