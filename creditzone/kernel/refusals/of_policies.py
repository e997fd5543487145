"""Why a policy did not permit a use, in words: at least one for each kind of constraint."""

from creditzone.kernel.refusals.clause import Clause

OF_POLICIES: dict[str, Clause] = {
    "policy-digest": Clause(
        "策略与胶囊绑定的摘要不一致。",
        "The policy is not the one that the capsule is bound to.",
        "请提供方核查策略。",
        "The provider checks its policy.",
    ),
    "policy-empty": Clause(
        "策略没有任何规则，默认拒绝。",
        "The policy has no rule: deny by default.",
        "请提供方制定策略。",
        "The provider writes a policy.",
    ),
    "grantee": Clause(
        "使用方 %(grantee)s 不在策略允许的范围内。",
        "The policy does not grant %(grantee)s.",
        "请向提供方申请。",
        "Ask the provider.",
    ),
    "purpose": Clause(
        "用途“%(purpose)s”不在策略允许的范围内。",
        "The policy does not allow the purpose %(purpose)s.",
        "请按允许的用途提交。",
        "Ask for an allowed purpose.",
    ),
    "model": Clause(
        "评分卡 %(model)s 不在策略允许的范围内。",
        "The policy does not allow the scorecard %(model)s.",
        "请选用允许的评分卡。",
        "Choose an allowed scorecard.",
    ),
    "engine": Clause(
        "密态协议 %(engine)s 不在策略允许的范围内。",
        "The policy does not allow the engine %(engine)s.",
        "请选用允许的协议。",
        "Choose an allowed engine.",
    ),
    "disclosure": Clause(
        "策略不允许返回“%(disclosure)s”。",
        "The policy does not let out %(disclosure)s.",
        "请减少返回结果。",
        "Ask for less.",
    ),
    "minimum-group": Clause(
        "统计结果涉及 %(found)s 户，少于 %(k)s 户。",
        "The figure rests on %(found)s firms; at least %(k)s are required.",
        "请扩大范围。",
        "Widen the set.",
    ),
    "validity": Clause(
        "策略有效期为 %(not_before)s 至 %(not_after)s，现不在其内。",
        "The policy holds from %(not_before)s to %(not_after)s, not now.",
        "请提供方更新策略。",
        "The provider renews the policy.",
    ),
    "uses": Clause(
        "策略允许 %(uses)s 次，已用 %(used)s 次。",
        "The policy allows %(uses)s uses; %(used)s are spent.",
        "请提供方更新策略。",
        "The provider renews the policy.",
    ),
    "deny-rule": Clause(
        "策略的禁止规则“%(rule)s”适用于此次使用，优先于其他规则。",
        "The policy's rule %(rule)s denies this use, whatever another rule allows.",
        "请与提供方商议。",
        "Talk with the provider.",
    ),
    "role": Clause(
        "策略只允许特定角色使用，申请人的角色为“%(role)s”。",
        "The policy names the roles that may ask; the one who asks is %(role)s.",
        "请由有权的人员起草任务。",
        "Let somebody in an allowed role draft the job.",
    ),
    "person": Clause(
        "策略只允许指定人员使用，申请人不在其中。",
        "The policy names the people who may ask; the one who asks is not among them.",
        "请由指定人员起草任务。",
        "Let one of those people draft the job.",
    ),
    "operation": Clause(
        "操作“%(operation)s”不在策略允许的范围内。",
        "The policy does not allow the operation %(operation)s.",
        "请选择允许的操作。",
        "Choose an allowed operation.",
    ),
    "parameter": Clause(
        "操作“%(operation)s”的参数 %(parameter)s 为 %(found)s，超出策略允许的范围。",
        "The parameter %(parameter)s of %(operation)s is %(found)s, beyond what the policy allows.",
        "请调整参数。",
        "Change the parameter.",
    ),
    "program": Clause(
        "节点程序 %(program)s 不是策略指定的版本。",
        "The node's program %(program)s is not one that the policy names.",
        "请提供方更新节点程序或策略。",
        "The provider updates the node's program or the policy.",
    ),
    "columns": Clause(
        "策略未放行字段 %(columns)s。",
        "The policy does not let in the column %(columns)s.",
        "请选用不需要该字段的评分卡，或请提供方修改策略。",
        "Choose a scorecard that does not read it, or ask the provider.",
    ),
    "decision-band": Clause(
        "准入线第 %(band)s 档不在策略允许的范围内。",
        "The policy does not allow a decision at band %(band)s.",
        "请选用允许的准入线。",
        "Choose an allowed band.",
    ),
    "max-rows": Clause(
        "此次涉及 %(rows)s 户，超过每次 %(limit)s 户的上限。",
        "The job concerns %(rows)s firms; at most %(limit)s are allowed a time.",
        "请分批提交。",
        "Submit fewer firms.",
    ),
    "contract-days": Clause(
        "策略只在合约生效后 %(days)s 天内有效。",
        "The policy holds for %(days)s days from the contract's beginning.",
        "请重新签订合约。",
        "Agree a new contract.",
    ),
    "daily-window": Clause(
        "策略只在每日 %(window)s 开放，现在是 %(at)s。",
        "The policy is open daily at %(window)s; it is %(at)s.",
        "请在开放时段提交。",
        "Submit the job in those hours.",
    ),
    "uses-a-day": Clause(
        "策略每日允许 %(uses)s 次，今日已用 %(used)s 次。",
        "The policy allows %(uses)s uses a day; %(used)s are spent today.",
        "请明日再提交。",
        "Submit the job tomorrow.",
    ),
    "rows-a-day": Clause(
        "策略每日允许 %(limit)s 户，加上此次为 %(rows)s 户。",
        "The policy allows %(limit)s firms a day; with this job there would be %(rows)s.",
        "请减少户数或明日再提交。",
        "Submit fewer firms, or tomorrow.",
    ),
    "uses-a-firm": Clause(
        "此次涉及的 %(firms)s 户均已达到同一使用方对同一企业的次数上限，未再计算。",
        "All %(firms)s firms were left out: this user has spent its uses of each of them.",
        "请提供方更新策略，或选择其他企业。",
        "The provider renews the policy; or ask about other firms.",
    ),
    "place": Clause(
        "使用方登记地行政区划 %(division)s 不在策略允许的范围内。",
        "The policy does not allow recipients registered in the division %(division)s.",
        "请与提供方商议。",
        "Talk with the provider.",
    ),
    "attestation": Clause(
        "计算环境的证明级别为“%(found)s”，不在策略允许的范围内。",
        "The environment's attestation is %(found)s, which the policy does not name.",
        "请与提供方商议。",
        "Talk with the provider.",
    ),
    "consent": Clause(
        "策略不接受“%(found)s”形式的企业授权。",
        "The policy does not take consent that is %(found)s.",
        "请取得企业签署的授权书。",
        "Have the firms sign authorisations.",
    ),
    "price": Clause(
        "合约价格低于策略规定的每户 %(least)s 分。",
        "The contract pays less than the %(least)s fen a firm that the policy asks.",
        "请提高合约价格。",
        "Offer a higher price.",
    ),
}
