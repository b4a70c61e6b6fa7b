export { plan } from "../planner/plan";
