/** The listener, held to what every listener does. */
import { listen } from "../../src/server/listener.ts";
import { describeEndings } from "./listener_endings.ts";
import { describeReplies } from "./listener_replies.ts";
import { describeRequests } from "./listener_requests.ts";

describeRequests("listen", listen);
describeReplies("listen", listen);
describeEndings("listen", listen);
