export { relayed } from "../../platform/relays";
