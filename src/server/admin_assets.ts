/** What the operator's page consists of beside itself: all of it is here, and nothing comes from elsewhere. */
import { SCRIPT } from "./admin_page_script.ts";
import { STYLE } from "./admin_page_style.ts";

/** A file of the page. */
export interface Asset {
  readonly type: string;
  readonly text: string;
}

/** The icon: a gate that is ajar. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 36 36">
<rect width="36" height="36" rx="9" fill="#1f6f5c"/>
<path d="M9 27V13.5a9 9 0 0 1 18 0V27" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/>
<path d="M14.5 27V15m7 12V15M18 27v-9" fill="none" stroke="#bfe5d9" stroke-width="2.2" stroke-linecap="round"/>
</svg>
`;

/** The style sheet. */
export const PAGE_STYLE: Asset = { type: "text/css; charset=utf-8", text: STYLE };

/** The script. */
export const PAGE_SCRIPT: Asset = { type: "text/javascript; charset=utf-8", text: SCRIPT };

/** The icon. */
export const PAGE_ICON: Asset = { type: "image/svg+xml", text: ICON };
