import { Component, onWillUnmount, xml } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const SECONDS = 3;

/**
 * Reads the record of a form anew while the field that the attribute "while" names is true, or its
 * state is "running", so that progress is seen without reloading. Nothing is asked while the tab is
 * in the background, or an answer is outstanding.
 */
export class CrvsRefresh extends Component {
    static template = xml``;
    static props = { ...standardWidgetProps, while: { type: String, optional: true } };

    setup() {
        this.left = false;
        this.schedule();
        onWillUnmount(() => {
            this.left = true;
            clearTimeout(this.timer);
        });
    }

    schedule() {
        this.timer = setTimeout(async () => {
            const { record, while: field } = this.props;
            const goesOn = field ? record.data[field] : record.data.state === "running";
            if (goesOn && !document.hidden) {
                try {
                    await record.load();
                } catch {
                    // The connection is lost, or the record is gone: the next attempt may tell.
                }
            }
            if (!this.left) {
                this.schedule();
            }
        }, SECONDS * 1000);
    }
}

registry.category("view_widgets").add("spp_dci_crvs_refresh", {
    component: CrvsRefresh,
    extractProps: ({ attrs }) => ({ while: attrs.while }),
});
