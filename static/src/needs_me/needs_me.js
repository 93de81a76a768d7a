import { Component, onWillStart, onWillUnmount, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { user } from "@web/core/user";

// Often enough for work that comes in over a day.
const EVERY_MS = 5 * 60 * 1000;

/** How many vital events wait for the user, in the top bar; a click opens them. */
export class NeedsMe extends Component {
    static template = "spp_dci_client_crvs.NeedsMe";
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ count: 0 });
        onWillStart(async () => {
            this.isOfficer = await user.hasGroup("spp_dci_client_crvs.group_crvs_officer");
            if (this.isOfficer) {
                this.count();
                this.timer = browser.setInterval(() => this.count(), EVERY_MS);
            }
        });
        onWillUnmount(() => browser.clearInterval(this.timer));
    }

    async count() {
        this.state.count = await this.orm.silent.call("spp.dci.crvs.event", "count_needs_me", []);
    }

    open() {
        this.action.doAction("spp_dci_client_crvs.action_spp_dci_crvs_event_to_do", {
            clearBreadcrumbs: true,
        });
        this.count();
    }
}

registry
    .category("systray")
    .add("spp_dci_client_crvs.needs_me", { Component: NeedsMe }, { sequence: 20 });
