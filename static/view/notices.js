// Notices: bars above the input box, which stay until the person closes them: the server's welcome, a link that leads nowhere.

import { splitLinks } from "../text/text.js";
import { button, byId, linkNodes, make } from "./dom.js";

/**
 * @typedef {{ label: string, act: () => void }} NoticeAction A button that acts, and closes the notice.
 * @typedef {{ action?: NoticeAction | null, hasLinks?: boolean, closed?: () => void }} NoticeOptions
 */

export class Notices {
  #list = byId("notices");
  #focusElsewhere;

  /** @param {() => void} focusElsewhere Called when a notice that may have had the focus is gone. */
  constructor(focusElsewhere) {
    this.#focusElsewhere = focusElsewhere;
  }

  /** @param {string} kind One notice of a kind is shown at a time. @param {string} label @param {string} text @param {NoticeOptions} [options] */
  show(kind, label, text, { action = null, hasLinks = false, closed = () => {} } = {}) {
    const close = () => {
      notice.remove();
      closed();
      this.#focusElsewhere();
    };
    const notice = make("section", { "data-kind": kind, "aria-label": label },
      make("p", { dir: "auto", tabindex: "0" }, ...(hasLinks ? linkNodes(splitLinks(text)) : [text])), // the focus, so that a long one can be scrolled by key
      button("×", close, { class: "plain", "aria-label": `Close: ${label}` }));
    if (action) {
      const act = button(action.label, () => {
        close();
        action.act();
      }, { class: "chip" });
      notice.lastElementChild?.before(act);
    }
    this.#list.querySelector(`[data-kind="${kind}"]`)?.remove();
    this.#list.append(notice);
  }
}
