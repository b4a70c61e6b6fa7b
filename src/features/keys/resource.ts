import { resource } from "../../operations/resource";

export const apiKey = resource("apiKey", "apiKeyId");
