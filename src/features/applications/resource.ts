import { resource } from "../../operations/resource";

export const application = resource("application", "applicationId");
