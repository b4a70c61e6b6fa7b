export { settings } from "../main/settings/environment";
