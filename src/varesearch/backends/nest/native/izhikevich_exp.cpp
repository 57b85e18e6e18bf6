// Izhikevich's cell with exponential synaptic currents, as a NEST extension module.
//
//   dv/dt = 0.04 v^2 + 5 v + 140 - u + I_e + I_ex + I_in,   du/dt = a (b v - u)
//   v >= 30 mV: a spike, v = c, u += d                       (Izhikevich 2003, eqs. 1-3)
//
// A step: what arrives is added to the currents; v and u take one step of forward Euler; the currents decay by
// exp(-h / tau), which is exact; then the threshold. All currents are in mV/ms, weights too; a negative weight goes to
// I_in. So a spike with a delay of n steps acts in the n-th step after the one it was fired in. The recordables I_syn_ex
// and I_syn_in are the currents that acted in the step.

#include "config.h"
// Only used by NEST's headers for sorting and for printing types, neither of which is needed here.
#undef HAVE_BOOST

#include <cmath>
#include <string>

#include "archiving_node.h"
#include "dict_util.h"
#include "event_delivery_manager_impl.h"
#include "nest_extension_interface.h"
#include "recordables_map.h"
#include "ring_buffer.h"
#include "universal_data_logger_impl.h"

namespace varesearch {

class izhikevich_exp;

} // namespace varesearch

namespace nest {

template <> void RecordablesMap<varesearch::izhikevich_exp>::create();

} // namespace nest

namespace varesearch {

class izhikevich_exp : public nest::ArchivingNode {
  public:
    izhikevich_exp() : logger_(*this) {
        recordables_.create();
    }

    izhikevich_exp(const izhikevich_exp &other)
        : nest::ArchivingNode(other), cell_(other.cell_), state_(other.state_), logger_(*this) {
    }

    using nest::Node::handle;
    using nest::Node::handles_test_event;

    size_t send_test_event(nest::Node &target, size_t receptor, nest::synindex, bool) override {
        nest::SpikeEvent spike;
        spike.set_sender(*this);
        return target.handles_test_event(spike, receptor);
    }

    size_t handles_test_event(nest::SpikeEvent &, size_t receptor) override {
        return only_receptor_(receptor);
    }

    size_t handles_test_event(nest::CurrentEvent &, size_t receptor) override {
        return only_receptor_(receptor);
    }

    size_t handles_test_event(nest::DataLoggingRequest &request, size_t receptor) override {
        only_receptor_(receptor);
        return logger_.connect_logging_device(request, recordables_);
    }

    void handle(nest::SpikeEvent &spike) override {
        const long lag = spike.get_rel_delivery_steps(nest::kernel().simulation_manager.get_slice_origin());
        nest::RingBuffer &arrivals = spike.get_weight() < 0.0 ? inhibition_ : excitation_;
        arrivals.add_value(lag, spike.get_weight() * spike.get_multiplicity());
    }

    void handle(nest::CurrentEvent &current) override {
        const long lag = current.get_rel_delivery_steps(nest::kernel().simulation_manager.get_slice_origin());
        currents_.add_value(lag, current.get_weight() * current.get_current());
    }

    void handle(nest::DataLoggingRequest &request) override {
        logger_.handle(request);
    }

    void get_status(Dictionary &status) const override {
        status["a"] = cell_.a;
        status["b"] = cell_.b;
        status["c"] = cell_.c;
        status["d"] = cell_.d;
        status["I_e"] = cell_.I_e;
        status["tau_syn_ex"] = cell_.tau_syn_ex;
        status["tau_syn_in"] = cell_.tau_syn_in;
        status["V_m"] = state_.v;
        status["U_m"] = state_.u;
        nest::ArchivingNode::get_status(status);
        status["recordables"] = recordables_.get_list();
    }

    void set_status(const Dictionary &status) override {
        Cell cell = cell_;
        State state = state_;
        nest::update_value_param(status, "a", cell.a, this);
        nest::update_value_param(status, "b", cell.b, this);
        nest::update_value_param(status, "c", cell.c, this);
        nest::update_value_param(status, "d", cell.d, this);
        nest::update_value_param(status, "I_e", cell.I_e, this);
        nest::update_value_param(status, "tau_syn_ex", cell.tau_syn_ex, this);
        nest::update_value_param(status, "tau_syn_in", cell.tau_syn_in, this);
        nest::update_value_param(status, "V_m", state.v, this);
        nest::update_value_param(status, "U_m", state.u, this);
        if (cell.tau_syn_ex <= 0.0 or cell.tau_syn_in <= 0.0) {
            throw nest::BadProperty("tau_syn_ex and tau_syn_in must be positive.");
        }
        nest::ArchivingNode::set_status(status);
        cell_ = cell;
        state_ = state;
    }

  private:
    friend class nest::RecordablesMap<izhikevich_exp>;
    friend class nest::UniversalDataLogger<izhikevich_exp>;

    static constexpr double threshold_mV = 30.0;

    struct Cell {
        double a = 0.02;
        double b = 0.2;
        double c = -65.0;
        double d = 8.0;
        double I_e = 0.0;
        double tau_syn_ex = 5.0;
        double tau_syn_in = 5.0;
    };

    struct State {
        double v = -65.0;
        double u = -13.0;
        double I_ex = 0.0;
        double I_in = 0.0;
        double acted_ex = 0.0;
        double acted_in = 0.0;
        double I_stim = 0.0; // of generators; as in NEST's own cells, it acts in the step after it arrives
    };

    size_t only_receptor_(size_t receptor) const {
        if (receptor != 0) {
            throw nest::UnknownReceptorType(static_cast<long>(receptor), get_name());
        }
        return 0;
    }

    void init_buffers_() override {
        excitation_.clear();
        inhibition_.clear();
        currents_.clear();
        logger_.reset();
        nest::ArchivingNode::clear_history();
    }

    void pre_run_hook() override {
        logger_.init();
        step_ms_ = nest::Time::get_resolution().get_ms();
        decay_ex_ = std::exp(-step_ms_ / cell_.tau_syn_ex);
        decay_in_ = std::exp(-step_ms_ / cell_.tau_syn_in);
    }

    void update(const nest::Time &origin, const long from, const long to) override {
        for (long lag = from; lag < to; ++lag) {
            state_.I_ex += excitation_.get_value(lag);
            state_.I_in += inhibition_.get_value(lag);
            state_.acted_ex = state_.I_ex;
            state_.acted_in = state_.I_in;
            const double v = state_.v;
            const double u = state_.u;
            const double current = cell_.I_e + state_.I_stim;
            const double slope = 0.04 * v * v + 5.0 * v + 140.0 - u + current + state_.I_ex + state_.I_in;
            state_.u = u + step_ms_ * cell_.a * (cell_.b * v - u);
            state_.v = v + step_ms_ * slope;
            state_.I_ex *= decay_ex_;
            state_.I_in *= decay_in_;
            state_.I_stim = currents_.get_value(lag);
            if (state_.v >= threshold_mV) {
                state_.v = cell_.c;
                state_.u += cell_.d;
                set_spiketime(nest::Time::step(origin.get_steps() + lag + 1));
                nest::SpikeEvent spike;
                nest::kernel().event_delivery_manager.send(*this, spike, lag);
            }
            logger_.record_data(origin.get_steps() + lag);
        }
    }

    double v_() const {
        return state_.v;
    }

    double u_() const {
        return state_.u;
    }

    double I_syn_ex_() const {
        return state_.acted_ex;
    }

    double I_syn_in_() const {
        return state_.acted_in;
    }

    Cell cell_;
    State state_;
    double step_ms_ = 0.0;
    double decay_ex_ = 0.0;
    double decay_in_ = 0.0;
    nest::RingBuffer excitation_;
    nest::RingBuffer inhibition_;
    nest::RingBuffer currents_;
    nest::UniversalDataLogger<izhikevich_exp> logger_;

    static nest::RecordablesMap<izhikevich_exp> recordables_;
};

nest::RecordablesMap<izhikevich_exp> izhikevich_exp::recordables_;

} // namespace varesearch

namespace nest {

template <> void RecordablesMap<varesearch::izhikevich_exp>::create() {
    insert_("V_m", &varesearch::izhikevich_exp::v_);
    insert_("U_m", &varesearch::izhikevich_exp::u_);
    insert_("I_syn_ex", &varesearch::izhikevich_exp::I_syn_ex_);
    insert_("I_syn_in", &varesearch::izhikevich_exp::I_syn_in_);
}

} // namespace nest

namespace varesearch {

class Module : public nest::NESTExtensionInterface {
    void initialize() override {
        nest::register_node_model<izhikevich_exp>("izhikevich_exp", "");
    }
};

} // namespace varesearch

// The symbol that libltdl looks for whatever the name of the file is.
varesearch::Module module;
