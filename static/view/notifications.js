// Notifications: a badge on the page's icon, desktop notifications, and a sound.

/** The icon in the page's colours, with space for a badge. */
const ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="4 4 48 49"><path fill="#1f6f54" d="M16 4h24a12 12 0 0 1 12 12v16a12 12 0 0 1-12 12H27.5L15.7 52.3A1.6 1.6 0 0 1 13 51.1V43.6A12 12 0 0 1 4 32V16A12 12 0 0 1 16 4z"/>';
const ICON_PROMPT = '<path fill="none" stroke="#f5f8f6" stroke-width="4.5" stroke-linecap="round" d="M17 17.5l7 6.5-7 6.5"/>';

/** The sound: two short tones. */
const TONES_HZ = [660, 880];

export class Notifications {
  #icon = /** @type {HTMLLinkElement} */ (document.querySelector('link[rel="icon"]'));
  #badge = "";
  /** @type {AudioContext | null} */ #audio = null;

  /** Shows a badge on the icon: the number of mentions, or that something is unread. @param {number} unread @param {number} mentions */
  setBadge(unread, mentions) {
    const badge = mentions ? String(Math.min(mentions, 9)) : unread ? " " : "";
    if (badge === this.#badge) return;
    this.#badge = badge;
    this.#icon.href = badge ? `data:image/svg+xml,${encodeURIComponent(iconWithBadge(badge))}` : "/icon.svg";
  }

  /** @param {{ title: string, body: string }} content @param {string} tag A later one with this tag replaces it. @param {() => void} open */
  showDesktop({ title, body }, tag, open) {
    if (globalThis.Notification?.permission !== "granted") return;
    try {
      const notification = new Notification(title, { body, tag, icon: "/icon.svg" });
      notification.onclick = () => {
        window.focus();
        notification.close();
        open();
      };
    } catch {} // phones need a service worker for it
  }

  playSound() {
    this.#audio ??= new AudioContext();
    const { currentTime, destination } = this.#audio;
    TONES_HZ.forEach((frequency, i) => {
      const [tone, gain] = [new OscillatorNode(this.#audio ??= new AudioContext(), { frequency }), new GainNode(this.#audio, { gain: 0 })];
      const start = currentTime + i * 0.12;
      gain.gain.setTargetAtTime(0.08, start, 0.01);
      gain.gain.setTargetAtTime(0, start + 0.08, 0.03);
      tone.connect(gain).connect(destination);
      tone.start(start);
      tone.stop(start + 0.3);
    });
  }
}

/** Why this page cannot show notifications, whatever the person allows; or nothing. */
export function noNotifications() {
  if (!globalThis.isSecureContext) return "Browsers show notifications only for pages on https or localhost. This page is on plain http";
  return globalThis.Notification ? "" : "This browser shows no notifications of this page";
}

/** Asks the browser for permission, if necessary. @returns {Promise<string>} Why not, or nothing. */
export async function requestDesktopPermission() {
  const answer = await Notification.requestPermission();
  return answer === "granted" ? "" : "The browser blocks notifications of this page. Allow them in the browser's settings";
}

/** @param {string} badge */
function iconWithBadge(badge) {
  const dot = '<circle cx="39" cy="17" r="13" fill="#b3261e" stroke="#fff" stroke-width="2"/>';
  return `${ICON}${ICON_PROMPT}${dot}<text x="39" y="24" font-family="sans-serif" font-size="20" font-weight="700" text-anchor="middle" fill="#fff">${badge.trim()}</text></svg>`;
}
