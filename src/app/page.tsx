import { FirstPage } from "../console/first-page";

export default FirstPage;
