import { Component, onWillStart, onWillUnmount, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { user } from "@web/core/user";

// Often enough for work that comes in over a day.
const EVERY_MS = 5 * 60 * 1000;
const TO_DO = "spp_dci_client_crvs.menu_spp_dci_crvs_app_to_do";

/** How many vital events wait for the user, in the top bar; a click opens them. */
export class NeedsMe extends Component {
    static template = "spp_dci_client_crvs.NeedsMe";
    static props = {};

    setup() {
        this.orm = useService("orm");
        this.menu = useService("menu");
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
        // By its menu, so that the top bar shows where one is.
        this.menu.selectMenu(this.menu.getAll().find((menu) => menu.xmlid === TO_DO));
        this.count();
    }
}

registry
    .category("systray")
    .add("spp_dci_client_crvs.needs_me", { Component: NeedsMe }, { sequence: 20 });
