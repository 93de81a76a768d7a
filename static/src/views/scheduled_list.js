import { onWillStart } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { ListController } from "@web/views/list/list_controller";
import { listView } from "@web/views/list/list_view";

/** A list of what a scheduled action works on; it says so when that is switched off. */
export class ScheduledListController extends ListController {
    static template = "spp_dci_client_crvs.ScheduledListView";

    setup() {
        super.setup();
        onWillStart(async () => {
            this.schedulerOff = await this.orm.call(this.props.resModel, "scheduler_is_off", []);
        });
    }
}

registry.category("views").add("crvs_scheduled_list", {
    ...listView,
    Controller: ScheduledListController,
});
